//! HTTP/2 that misbehaves: TLS and HTTP/2 in front of a server of HTTP/1.1, with streams refused, reset and cut short,
//! connections that go away or break in the middle of a frame, at points that a seed decides.
//!
//! Frames pass through here one by one on their way to and from a server of HTTP/2 (`h2`), because that would never
//! itself send a GOAWAY that leaves open streams out, or half a frame.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use h2::{Reason, RecvStream, server::SendResponse};
use http::{HeaderName, Request, Response, Uri, header};
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, duplex, split},
    net::TcpStream,
    sync::Mutex as Turn,
    time::sleep,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    dice::Dice,
    server::Server,
    sync::lock,
    tls::{Identity, accept_tls},
};

/// What may happen to a stream, to a frame, or to their connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Snag {
    /// REFUSED_STREAM before the request is handed on: it does not run.
    Refused,
    /// CANCEL after it was handed on.
    Cancelled,
    /// INTERNAL_ERROR after it was handed on.
    Failed,
    /// The stream is reset in the middle of the answer.
    Shortened,
    /// GOAWAY, NO_ERROR: the newest streams are left out, the others go on.
    GoneAway,
    /// GOAWAY, ENHANCE_YOUR_CALM: the newest streams are left out, the others end with the connection.
    Calmed,
    /// The connection ends in the middle of a DATA frame.
    CutInFrame,
    Delayed,
    /// Nothing is said for a while on any stream of the connection.
    Mute,
}

impl Snag {
    pub const ALL: [Self; 9] = [
        Self::Refused,
        Self::Cancelled,
        Self::Failed,
        Self::Shortened,
        Self::GoneAway,
        Self::Calmed,
        Self::CutInFrame,
        Self::Delayed,
        Self::Mute,
    ];

    /// It comes at one in so many of the places where it may, at a rate of a thousand in a thousand. There are more frames
    /// than streams.
    fn rarity(self) -> u64 {
        match self {
            Self::Delayed => 4,
            Self::CutInFrame => 8,
            Self::Mute => 16,
            _ => 2,
        }
    }
}

/// Sits in front of a server on this machine.
pub struct ChaosHttp2 {
    pub port: u16,
    network: Arc<Network>,
}

struct Network {
    seed: u64,
    /// The authority of the server.
    behind: String,
    /// Snags in a thousand streams or frames.
    rate: AtomicU64,
    /// What comes at the next place where it may.
    next: Mutex<Option<Snag>>,
    happened: Mutex<BTreeMap<Snag, usize>>,
}

impl ChaosHttp2 {
    /// Calm until [`ChaosHttp2::rage`].
    pub fn before(server: &Server, identity: &Identity, seed: u64) -> Self {
        let network = Arc::new(Network {
            // Other dice than those of a proxy before it.
            seed: !seed,
            behind: server.origin().trim_start_matches("http://").to_owned(),
            rate: AtomicU64::new(0),
            next: Mutex::default(),
            happened: Mutex::default(),
        });
        let accepting = network.clone();
        let address = accept_tls(identity, &["h2"], move |socket, acceptor, number| {
            accepting.clone().connect(socket, acceptor, number)
        });
        Self { port: address.port(), network }
    }

    /// From now on so many snags in a thousand.
    pub fn rage(&self, in_a_thousand: u64) {
        self.network.rate.store(in_a_thousand, Ordering::SeqCst);
    }

    pub fn calm(&self) {
        self.rage(0);
    }

    /// This comes once, at the next place where it may.
    pub fn next(&self, snag: Snag) {
        *lock(&self.network.next) = Some(snag);
    }

    pub fn happened(&self) -> BTreeMap<Snag, usize> {
        lock(&self.network.happened).clone()
    }
}

impl Network {
    fn meets(&self, snag: Snag, dice: &mut Dice) -> bool {
        let is_next = lock(&self.next).take_if(|next| *next == snag).is_some();
        let meets = dice.below(1000 * snag.rarity()) < self.rate.load(Ordering::SeqCst) || is_next;
        if meets {
            *lock(&self.happened).entry(snag).or_default() += 1;
        }
        meets
    }

    /// One connection to its end.
    async fn connect(self: Arc<Self>, socket: TcpStream, acceptor: TlsAcceptor, number: u64) {
        socket.set_nodelay(true).ok();
        let Ok(socket) = acceptor.accept(socket).await else { return };
        let (near, far) = duplex(PIPE);
        // With few streams at once, requests wait inside the program's HTTP/2.
        let streams = if number.is_multiple_of(2) { FEW_STREAMS } else { MANY_STREAMS };
        tokio::spawn(self.clone().serve(far, Dice::new(self.seed, 3 * number), streams));
        let (from_editor, to_editor) = split(socket);
        let (from_server, to_server) = split(near);
        let to_editor = Turn::new(to_editor);
        // Whichever ends first, both let go of the connection.
        let _ = tokio::select! {
            ended = self.inward(from_editor, to_server, &to_editor, Dice::new(self.seed, 3 * number + 1)) => ended,
            ended = self.outward(from_server, &to_editor, Dice::new(self.seed, 3 * number + 2)) => ended,
        };
    }

    /// What the program sends.
    async fn inward(
        &self,
        mut from: ReadHalf<TlsStream<TcpStream>>,
        mut to: impl AsyncWrite + Unpin,
        back: &Turn<WriteHalf<TlsStream<TcpStream>>>,
        mut dice: Dice,
    ) -> io::Result<()> {
        let mut preface = [0; PREFACE];
        from.read_exact(&mut preface).await?;
        to.write_all(&preface).await?;
        // The newest stream that was handed on, and whether any more are.
        let (mut last, mut goes) = (0, false);
        loop {
            let frame = Frame::read(&mut from).await?;
            if frame.kind() == HEADERS && frame.stream() > last {
                // Not in front of the first stream: a server that lets nobody in is not tried here.
                let reason = match () {
                    () if goes || last == 0 => None,
                    () if self.meets(Snag::GoneAway, &mut dice) => Some(Reason::NO_ERROR),
                    () if self.meets(Snag::Calmed, &mut dice) => Some(Reason::ENHANCE_YOUR_CALM),
                    () => None,
                };
                if let Some(reason) = reason {
                    goes = true;
                    // Two streams or more may be on their way by now.
                    sleep(Duration::from_millis(dice.below(LONGEST_DELAY_MS))).await;
                    // Servers say first that they will go, with the largest id that there is (RFC 9113, section 6.8).
                    if reason == Reason::NO_ERROR && dice.one_in(2) {
                        send(back, &go_away(u32::MAX >> 1, reason)).await?;
                    }
                    send(back, &go_away(last, reason)).await?;
                    if reason == Reason::ENHANCE_YOUR_CALM {
                        sleep(Duration::from_millis(dice.below(LONGEST_DELAY_MS))).await;
                        return Ok(());
                    }
                }
                if !goes {
                    last = frame.stream();
                }
            }
            if frame.stream() <= last {
                to.write_all(&frame.0).await?;
            }
        }
    }

    /// What the program is sent.
    async fn outward(
        &self,
        mut from: impl AsyncRead + Unpin,
        to: &Turn<WriteHalf<TlsStream<TcpStream>>>,
        mut dice: Dice,
    ) -> io::Result<()> {
        loop {
            let frame = Frame::read(&mut from).await?;
            if self.meets(Snag::Delayed, &mut dice) {
                sleep(Duration::from_millis(dice.below(LONGEST_DELAY_MS))).await;
            }
            if self.meets(Snag::Mute, &mut dice) {
                sleep(MUTE).await;
            }
            if frame.kind() == DATA && frame.0.len() > FRAME_HEAD && self.meets(Snag::CutInFrame, &mut dice) {
                let room = (frame.0.len() - FRAME_HEAD) as u64;
                let length = FRAME_HEAD + usize::try_from(dice.below(room)).unwrap();
                return send(to, &frame.0[..length]).await;
            }
            send(to, &frame.0).await?;
        }
    }

    async fn serve(
        self: Arc<Self>,
        connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        mut dice: Dice,
        streams: u32,
    ) {
        let mut builder = h2::server::Builder::new();
        let Ok(mut connection) = builder.max_concurrent_streams(streams).handshake(connection).await else { return };
        while let Some(Ok((request, respond))) = connection.accept().await {
            let dice = Dice::new(self.seed, dice.below(u64::MAX));
            tokio::spawn(self.clone().hand_on(request, respond, dice));
        }
    }

    /// One stream to its end. It is `None` when the program has left.
    async fn hand_on(
        self: Arc<Self>,
        request: Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
        mut dice: Dice,
    ) -> Option<()> {
        let (head, mut body) = request.into_parts();
        let refused = self.meets(Snag::Refused, &mut dice);
        if refused && dice.one_in(2) {
            respond.send_reset(Reason::REFUSED_STREAM);
            return None;
        }
        let mut text = Vec::new();
        while let Some(piece) = body.data().await {
            let piece = piece.ok()?;
            body.flow_control().release_capacity(piece.len()).ok();
            text.extend_from_slice(&piece);
        }
        if refused {
            respond.send_reset(Reason::REFUSED_STREAM);
            return None;
        }
        let reset = match () {
            () if self.meets(Snag::Cancelled, &mut dice) => Some(Reason::CANCEL),
            () if self.meets(Snag::Failed, &mut dice) => Some(Reason::INTERNAL_ERROR),
            () => None,
        };
        // While it runs, or after it ran.
        let early = reset.is_some() && dice.one_in(2);
        let response = tokio::select! {
            response = self.ask(Request::from_parts(head, String::from_utf8(text).unwrap())) => response,
            () = sleep(Duration::from_millis(dice.below(LONGEST_WORK_MS))), if early => None,
            _ = poll_fn(|context| respond.poll_reset(context)) => return None,
        };
        match (reset, response) {
            (None, Some(response)) => self.answer(response, respond, dice).await,
            (reset, _) => {
                respond.send_reset(reset.unwrap_or(Reason::INTERNAL_ERROR));
                None
            }
        }
    }

    /// Asks the server on a connection of the request's own. Nothing here is ever asked twice.
    async fn ask(&self, request: Request<String>) -> Option<Response<Incoming>> {
        let (mut head, body) = request.into_parts();
        let target = head.uri.path_and_query()?.to_string();
        head.headers.insert(header::HOST, self.behind.parse().unwrap());
        head.uri = target.parse::<Uri>().unwrap();
        head.version = http::Version::HTTP_11;
        let socket = TcpStream::connect(&self.behind).await.ok()?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.ok()?;
        tokio::spawn(connection);
        sender.send_request(Request::from_parts(head, body)).await.ok()
    }

    /// Passes an answer on as it comes. A body that breaks off is a stream that is reset.
    async fn answer(
        &self,
        response: Response<Incoming>,
        mut respond: SendResponse<Bytes>,
        mut dice: Dice,
    ) -> Option<()> {
        let (mut head, mut body) = response.into_parts();
        head.version = http::Version::HTTP_2;
        for of_one_connection in OF_ONE_CONNECTION {
            head.headers.remove(of_one_connection);
        }
        let ends = body.is_end_stream();
        let mut stream = respond.send_response(Response::from_parts(head, ()), ends).ok()?;
        if ends {
            return Some(());
        }
        let mut left = self.meets(Snag::Shortened, &mut dice).then(|| dice.below(LONGEST_ANSWER));
        loop {
            let frame = tokio::select! {
                frame = poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)) => frame,
                _ = poll_fn(|context| stream.poll_reset(context)) => return None,
            };
            let Some(frame) = frame else { return stream.send_data(Bytes::new(), true).ok() };
            let Ok(frame) = frame else {
                stream.send_reset(Reason::INTERNAL_ERROR);
                return None;
            };
            let Ok(mut piece) = frame.into_data() else { continue };
            let room = left.map_or(usize::MAX, |left| usize::try_from(left).unwrap());
            let is_last = room <= piece.len();
            piece.truncate(room);
            left = left.map(|left| left - piece.len() as u64);
            stream.send_data(piece, false).ok()?;
            if is_last {
                // A reset takes back what is not yet written.
                sleep(Duration::from_millis(LONGEST_WORK_MS)).await;
                stream.send_reset(Reason::INTERNAL_ERROR);
                return None;
            }
        }
    }
}

/// A frame as it is on the wire (RFC 9113, section 4.1).
struct Frame(Vec<u8>);

impl Frame {
    async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut frame = vec![0; FRAME_HEAD];
        from.read_exact(&mut frame).await?;
        let length = u32::from_be_bytes([0, frame[0], frame[1], frame[2]]);
        frame.resize(FRAME_HEAD + length as usize, 0);
        from.read_exact(&mut frame[FRAME_HEAD..]).await?;
        Ok(Self(frame))
    }

    fn kind(&self) -> u8 {
        self.0[3]
    }

    /// 0 is the connection itself.
    fn stream(&self) -> u32 {
        u32::from_be_bytes([self.0[5], self.0[6], self.0[7], self.0[8]]) & (u32::MAX >> 1)
    }
}

/// Section 6.8.
fn go_away(last: u32, reason: Reason) -> Vec<u8> {
    let mut frame = vec![0, 0, 8, GOAWAY, 0, 0, 0, 0, 0];
    frame.extend_from_slice(&last.to_be_bytes());
    frame.extend_from_slice(&u32::from(reason).to_be_bytes());
    frame
}

async fn send(to: &Turn<WriteHalf<TlsStream<TcpStream>>>, bytes: &[u8]) -> io::Result<()> {
    let mut to = to.lock().await;
    to.write_all(bytes).await?;
    to.flush().await
}

/// How many streams every other connection may have at once, the first one too.
pub const FEW_STREAMS: u32 = 6;
const MANY_STREAMS: u32 = 100;
const PREFACE: usize = 24;
const FRAME_HEAD: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;
/// Headers that HTTP/2 does not have (section 8.2.2).
const OF_ONE_CONNECTION: [HeaderName; 2] = [header::TRANSFER_ENCODING, header::CONNECTION];
const PIPE: usize = 64 * 1024;
const LONGEST_DELAY_MS: u64 = 40;
const LONGEST_WORK_MS: u64 = 10;
const MUTE: Duration = Duration::from_millis(200);
/// The length of most answers, in bytes.
const LONGEST_ANSWER: u64 = 400;
