//! Messages of our own, each as one line.

use bytes::Bytes;

use super::Id;

/// A JSON-RPC error as one line; `data` is JSON text.
pub fn error_line(id: Option<&Id>, code: i64, text: &str, data: Option<&str>) -> Bytes {
    let id = id.map_or("null", Id::spelled);
    let text = serde_json::Value::from(text);
    let data = data.map(|data| format!(r#","data":{data}"#)).unwrap_or_default();
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{text}{data}}}}}"#).into()
}

/// A JSON-RPC error as one line, with the error object given as JSON text.
pub fn error_object_line(id: &Id, error: &str) -> Bytes {
    format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, id.spelled()).into()
}

/// A JSON-RPC result as one line; `result` is JSON text.
pub fn result_line(id: &Id, result: &str) -> Bytes {
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, id.spelled()).into()
}

/// A JSON-RPC request as one line; `params` is JSON text.
pub fn request_line(id: &Id, method: &str, params: Option<&str>) -> Bytes {
    let params = params.map(|params| format!(r#","params":{params}"#)).unwrap_or_default();
    format!(r#"{{"jsonrpc":"2.0","id":{},"method":"{method}"{params}}}"#, id.spelled()).into()
}

/// A JSON-RPC notification as one line; `params` is JSON text.
pub fn notification_line(method: &str, params: Option<&str>) -> Bytes {
    let params = params.map(|params| format!(r#","params":{params}"#)).unwrap_or_default();
    format!(r#"{{"jsonrpc":"2.0","method":"{method}"{params}}}"#).into()
}
