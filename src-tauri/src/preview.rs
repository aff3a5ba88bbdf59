//! The app's own scheme: `tintype://preview/ID`. Opaque ids only; no path of this computer is ever
//! served.

use tauri::http::{Request, Response, StatusCode, header};
use tauri::{Manager as _, Runtime, UriSchemeContext, UriSchemeResponder};

use crate::running::Running;

pub(crate) fn serve<R: Runtime>(
    context: UriSchemeContext<'_, R>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let id = request
        .uri()
        .path()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    let app = context.app_handle().clone();
    tauri::async_runtime::spawn(async move {
        let preview = match app.state::<Running>().handle() {
            Ok(handle) => handle.preview(id).await,
            Err(_) => None,
        };
        let response = match preview {
            Some(preview) => Response::builder()
                .header(header::CONTENT_TYPE, preview.content_type)
                .header(
                    header::CACHE_CONTROL,
                    "private, max-age=31536000, immutable",
                )
                .body(preview.bytes.into()),
            None => Response::builder()
                .status(StatusCode::NOT_FOUND)
                .body(Vec::new()),
        };
        match response {
            Ok(response) => responder.respond(response),
            Err(error) => tracing::error!(%error, "a preview has no answer"),
        }
    });
}
