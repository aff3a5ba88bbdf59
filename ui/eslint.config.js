// What a reader would stumble over: unused names, promises nobody waits for, markup that means nothing.
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import typescript from "typescript-eslint";
import config from "./svelte.config.js";

export default typescript.config(
  { ignores: ["dist", "src/bindings.ts"] },
  ...typescript.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ["src/**/*.ts", "src/**/*.svelte", "src/**/*.svelte.ts"],
    languageOptions: {
      parserOptions: { projectService: true, extraFileExtensions: [".svelte"], parser: typescript.parser, svelteConfig: config },
    },
    rules: {
      // Sets and maps here are replaced as wholes, or are nobody's to watch.
      "svelte/prefer-svelte-reactivity": "off",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false, arguments: false } }],
    },
  },
);
