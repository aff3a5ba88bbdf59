// The shape links are copied in, everywhere in the window; it is remembered.
import type { LinkFormat } from "../bindings";

export const SHAPES: { shape: LinkFormat; label: string }[] = [
  { shape: "url", label: "URL" },
  { shape: "markdown", label: "Markdown" },
  { shape: "html", label: "HTML" },
  { shape: "srcset", label: "srcset" },
  { shape: "bbcode", label: "BBCode" },
];

const KEY = "shape";

class Shapes {
  private now = $state<LinkFormat>((localStorage.getItem(KEY) as LinkFormat | null) ?? "url");
  readonly label = $derived(SHAPES.find((known) => known.shape === this.now)?.label ?? "Own");

  get chosen(): LinkFormat {
    return this.now;
  }

  set chosen(shape: LinkFormat) {
    this.now = shape;
    localStorage.setItem(KEY, shape);
  }
}

export const shapes = new Shapes();
