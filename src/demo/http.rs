//! HTTP/1.1 as far as the sample server needs it: requests read whole and bounded, one after the other, from one connection.
//!
//! Written here and not taken from tiny_http, which was tried: version 0.12 may queue a new connection behind one that
//! stays open, where it waits for as long as that one lives (ten connections at once are enough), and an absurd
//! Content-Length aborts the process.

use std::io::{self, BufRead, Read, Write};

use super::exchange::Refusal;

/// One request, its body included.
pub struct Request {
    pub method: String,
    pub target: String,
    pub body: Vec<u8>,
    version: String,
    headers: Vec<(String, String)>,
}

/// Why there is no request.
#[derive(Debug)]
pub enum Trouble {
    /// The client left, or said nothing for too long: nobody waits for an answer.
    Gone,
    /// Not a request that can be taken. Where the next one would begin is unknown, so the connection ends.
    Refused(Refusal),
}

impl Request {
    /// Reads the next request; `client` hears a "100 Continue" where it asks for one.
    pub fn read(reader: &mut impl BufRead, client: &mut impl Write) -> Result<Self, Trouble> {
        let mut head = Head { reader, left: MAX_HEAD };
        let mut first = head.line()?;
        if first.is_empty() {
            // RFC 9112 2.2: some clients end a body with a line break too many.
            first = head.line()?;
        }
        let mut words = first.split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(refused(400, "not a request line"));
        };
        if version != "HTTP/1.1" && version != "HTTP/1.0" {
            return Err(refused(505, "this server speaks HTTP/1.1"));
        }
        let mut request = Self {
            method: method.to_owned(),
            target: target.to_owned(),
            body: Vec::new(),
            version: version.to_owned(),
            headers: head.fields()?,
        };
        let length = request.body_length()?;
        if length != BodyLength::Known(0)
            && request.header("Expect").is_some_and(|expect| expect.eq_ignore_ascii_case("100-continue"))
        {
            client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.body = match length {
            BodyLength::Known(length) => exactly(reader, length)?,
            BodyLength::Chunked => chunks(reader)?,
        };
        Ok(request)
    }

    /// The value of a header, the first where there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether streams can be chunked and the connection kept, as HTTP/1.1 does.
    pub fn is_current(&self) -> bool {
        self.version == "HTTP/1.1"
    }

    /// Whether the client means to send another request on this connection.
    pub fn keeps_alive(&self) -> bool {
        let connection = self.header("Connection").unwrap_or_default();
        self.is_current() && !connection.split(',').any(|option| option.trim().eq_ignore_ascii_case("close"))
    }

    /// RFC 9112 6.3. Two statements about the length are how one request is smuggled inside another.
    fn body_length(&self) -> Result<BodyLength, Trouble> {
        let mut lengths = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
        match (self.header("Transfer-Encoding"), lengths.next(), lengths.next()) {
            (None, None, _) => Ok(BodyLength::Known(0)),
            (None, Some((_, length)), None) if is_number(length, 10) => match length.parse() {
                Ok(length) if length <= MAX_BODY => Ok(BodyLength::Known(length)),
                _ => Err(too_large()),
            },
            (Some(coding), None, _) if coding.eq_ignore_ascii_case("chunked") => Ok(BodyLength::Chunked),
            _ => Err(refused(400, "the length of the body is not clear")),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

#[derive(PartialEq, Eq)]
enum BodyLength {
    Known(usize),
    Chunked,
}

/// The lines of a head, or of the trailer of a chunked body, and how much of it may still come.
struct Head<'a, R> {
    reader: &'a mut R,
    left: u64,
}

impl<R: BufRead> Head<'_, R> {
    fn line(&mut self) -> Result<String, Trouble> {
        let mut line = Vec::new();
        let read = self.reader.by_ref().take(self.left).read_until(b'\n', &mut line)?;
        self.left -= read as u64;
        if line.pop() != Some(b'\n') {
            return Err(if self.left == 0 {
                refused(431, "the head of the request is too long")
            } else {
                Trouble::Gone
            });
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        String::from_utf8(line).map_err(|_| refused(400, "the head of the request is not text"))
    }

    fn fields(&mut self) -> Result<Vec<(String, String)>, Trouble> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(fields);
            }
            match line.split_once(':') {
                Some((name, value)) if !name.is_empty() && !name.contains(char::is_whitespace) => {
                    fields.push((name.to_owned(), value.trim().to_owned()));
                }
                _ => return Err(refused(400, "not a header line")),
            }
        }
    }
}

fn exactly(reader: &mut impl BufRead, length: usize) -> Result<Vec<u8>, Trouble> {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// RFC 9112 7.1.
fn chunks(reader: &mut impl BufRead) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    loop {
        let line = Head { reader, left: MAX_HEAD }.line()?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = match usize::from_str_radix(size, 16) {
            _ if !is_number(size, 16) => return Err(refused(400, "not the size of a chunk")),
            Ok(size) if size <= MAX_BODY - body.len() => size,
            _ => return Err(too_large()),
        };
        if size == 0 {
            Head { reader, left: MAX_HEAD }.fields()?;
            return Ok(body);
        }
        body.append(&mut exactly(reader, size)?);
        if !(Head { reader, left: 2 }).line()?.is_empty() {
            return Err(refused(400, "a chunk is longer than its size"));
        }
    }
}

/// Digits only: the parsers of the standard library also take a sign.
fn is_number(text: &str, radix: u32) -> bool {
    !text.is_empty() && text.chars().all(|digit| digit.is_digit(radix))
}

fn refused(status: u16, message: &str) -> Trouble {
    Trouble::Refused(Refusal::new(status, message))
}

fn too_large() -> Trouble {
    refused(413, "the body is larger than 1 MiB")
}

const MAX_HEAD: u64 = 64 * 1024;
const MAX_BODY: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{Request, Trouble};

    fn body(request: &str) -> Result<String, Trouble> {
        // A buffer of three bytes: no line and no chunk arrives whole.
        let mut reader = BufReader::with_capacity(3, request.as_bytes());
        Request::read(&mut reader, &mut Vec::new()).map(|request| String::from_utf8(request.body).unwrap())
    }

    #[test]
    fn a_body_is_read_by_its_length_or_by_its_chunks() {
        assert_eq!(body("POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello more").unwrap(), "hello");
        assert_eq!(body("\r\nGET / HTTP/1.1\r\n\r\nmore").unwrap(), "");
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n";
        assert_eq!(
            body(&format!("{chunked}5;x=y\r\nhello\r\nA\r\n, 10 bytes\r\n0\r\nx: y\r\n\r\n")).unwrap(),
            "hello, 10 bytes"
        );
    }

    #[test]
    fn a_request_that_is_not_clear_is_refused_and_one_that_ends_early_is_gone() {
        for request in [
            "HELLO\r\n\r\n",
            "GET / HTTP/2\r\n\r\n",
            "GET / HTTP/1.1\r\nno colon\r\n\r\n",
            "GET / HTTP/1.1\r\nname : x\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello",
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
            "POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
            &format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(100_000)),
        ] {
            let refused = matches!(body(request), Err(Trouble::Refused(_)));
            assert!(refused, "{}", &request[..request.len().min(100)]);
        }
        let whole = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
        for cut in 0..whole.len() {
            assert!(matches!(body(&whole[..cut]), Err(Trouble::Gone)), "cut at {cut}");
        }
    }
}
