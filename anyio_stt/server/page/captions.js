"use strict";
// A microphone or a recording goes to this server as Deepgram's clients send it; captions come back.
const at = id => document.getElementById(id);
const RATE = 16000, LATE = 2, TOO_LATE = 120, FULL = 1 << 20;
const said = [];       // what is final: { start, end, text }
let session = null, starting = false;

function show(text, late = false) {
  at("state").textContent = text;
  at("state").className = late ? "late" : "";
  at("toggle").textContent = session || starting ? "Stop" : "Start";
  at("toggle").setAttribute("aria-pressed", String(Boolean(session || starting)));
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  return Math.floor(whole / 60) + ":" + String(whole % 60).padStart(2, "0");
}

function addLine(start, text, name) {
  const line = document.createElement("li"), when = document.createElement("time");
  when.textContent = clock(start);
  line.className = name;
  line.append(when, document.createTextNode(text));
  at("captions").append(line);
  at("interim").scrollIntoView({ block: "end" });
}

function addCaption(start, end, text) {
  said.push({ start, end, text });
  addLine(start, text, "");
  at("srt").disabled = at("vtt").disabled = false;
}

// ---- the key: asked for once, kept for this tab, never part of an address

const key = () => sessionStorage.getItem("key");

async function admitted() {
  const headers = key() ? { Authorization: "Bearer " + key() } : {};
  const answer = await fetch("v1/models", { headers });
  if (answer.status !== 401) return answer.ok;
  sessionStorage.removeItem("key");
  at("ask").hidden = false;
  at("key").focus();
  return new Promise(resolve => {
    at("ask").onsubmit = event => {
      event.preventDefault();
      sessionStorage.setItem("key", at("key").value.trim());
      at("key").value = "";
      at("ask").hidden = true;
      resolve(admitted());
    };
  });
}

// ---- one stream

class Session {
  constructor(rate) {
    this.rate = rate;
    this.sent = this.heard = 0;   // seconds
    this.skips = [];              // what was left out: { at, seconds }
    this.failed = "";
    this.ending = false;
    const query = new URLSearchParams({
      encoding: "linear16", sample_rate: rate, interim_results: true, progress: true, tag: "captions",
    });
    const address = location.href.replace(/^http/, "ws").replace(/[?#].*/, "").replace(/[^/]*$/, "");
    this.socket = new WebSocket(address + "v1/listen?" + query, key() ? ["token", key()] : []);
    this.socket.onmessage = ({ data }) => this.tell(JSON.parse(data));
    this.opened = new Promise(resolve => {
      this.socket.onopen = () => resolve(true);
      for (const name of ["error", "close"]) this.socket.addEventListener(name, () => resolve(false));
    });
    this.closed = new Promise(resolve => this.socket.addEventListener("close", resolve));
  }

  send(pcm) {
    if (this.ending || this.socket.readyState !== WebSocket.OPEN) return;
    const seconds = pcm.byteLength / 2 / this.rate;
    if (this.lag > TOO_LATE) return this.skip(seconds);
    this.socket.send(pcm);
    this.sent += seconds;
    this.report();
  }

  skip(seconds) {
    const last = this.skips.at(-1);
    if (last?.at === this.sent) last.seconds += seconds;
    else {
      this.skips.push({ at: this.sent, seconds });
      addLine(this.time(this.sent), "(left out, to catch up)", "lost");
    }
    this.report();
  }

  time(sent) {  // when it was spoken
    return this.skips.reduce((sum, skip) => sum + (skip.at < sent ? skip.seconds : 0), sent);
  }

  get lag() { return Math.max(0, this.sent - this.heard); }

  report() {
    if (this.failed) return;
    const late = this.lag > LATE, what = this.what ?? "listening";
    show(late ? `${what}, ${Math.round(this.lag)} s behind` : what, late);
  }

  tell(message) {
    if (message.type === "Progress") {
      this.heard = message.heard;
      this.report();
    } else if (message.type === "Warning") {
      addLine(this.time(message.start), "(not understood)", "lost");
    } else if (message.type === "Error") {
      this.failed = "the captions stopped; press Start to go on";
    } else if (message.type === "Results") {
      const text = message.channel.alternatives[0].transcript, end = message.start + message.duration;
      if (text || message.is_final) at("interim").textContent = message.is_final ? "" : text;
      if (text) this.heard = Math.max(this.heard, end);
      if (text && message.is_final) addCaption(this.time(message.start), this.time(end), text);
    }
  }

  finish() {
    if (this.ending) return;
    this.ending = true;
    this.what = "finishing";
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: "CloseStream" }));
    show("finishing");
  }

  why(code) {
    if (this.failed) return this.failed;
    if (code === 1000) return "not listening";
    return code === 1001 ? "the server closes; try again in a while" : "the connection is lost; press Start to go on";
  }
}

async function run(rate, what, feed) {
  const opened = new Session(rate);
  opened.what = what;
  if (!await opened.opened) return "no connection to the server";
  session = opened;
  starting = false;
  const mute = feed(opened);
  opened.report();
  const { code } = await opened.closed;
  mute?.();
  session = null;
  at("interim").textContent = "";
  return opened.why(code);
}

// ---- microphone and recording

async function listen() {
  show("asking for the microphone");
  const media = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  let audio, source;
  try {
    audio = new AudioContext({ sampleRate: RATE });
    source = audio.createMediaStreamSource(media);
  } catch {  // some browsers do not resample a microphone; this server does
    audio = new AudioContext();
    source = audio.createMediaStreamSource(media);
  }
  const mute = () => {
    media.getTracks().forEach(track => track.stop());
    if (audio.state !== "closed") audio.close();
  };
  try {
    await audio.audioWorklet.addModule("microphone.js");
    return await run(audio.sampleRate, "listening", live => {
      const node = new AudioWorkletNode(audio, "pcm");
      node.port.onmessage = ({ data }) => live.send(data);
      source.connect(node);
      live.mute = mute;
    });
  } finally {
    mute();
  }
}

async function read(file) {
  show("reading " + file.name);
  const audio = new OfflineAudioContext(1, 1, RATE);
  const buffer = await audio.decodeAudioData(await file.arrayBuffer());
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, n) => buffer.getChannelData(n));
  const pcm = Int16Array.from(channels[0], (_, n) =>
    Math.max(-1, Math.min(1, channels.reduce((sum, each) => sum + each[n], 0) / channels.length)) * 32767);
  return run(RATE, "reading " + file.name, live => { send(live, pcm); });
}

async function send(live, pcm) {
  for (let n = 0; n < pcm.length && !live.ending; n += RATE / 10) {
    while (live.socket.bufferedAmount > FULL || live.lag > TOO_LATE / 2) {
      await new Promise(resolve => setTimeout(resolve, 50));
      if (live.socket.readyState !== WebSocket.OPEN) return;
    }
    live.send(pcm.slice(n, n + RATE / 10).buffer);
  }
  live.finish();
}

async function start(what) {
  if (starting || session) return;  // a second click must not open a second microphone
  starting = true;
  let end = "no connection to the server";
  try {
    if (await admitted()) end = await what();
  } catch (error) {
    end = error.name === "NotAllowedError" || error.name === "NotFoundError" ? "no microphone: " + error.message
      : error.name === "EncodingError" ? "this recording cannot be read" : "no connection to the server";
  }
  starting = false;
  session = null;
  show(end);
}

at("toggle").onclick = () => {
  if (!session) return start(listen);
  session.mute?.();
  session.finish();  // the rest still comes
};
at("file").onchange = ({ target }) => {
  const [file] = target.files;
  target.value = "";
  if (file) start(() => read(file));
};

// ---- downloads

function stamp(seconds, point) {
  const total = Math.round(seconds * 1000), two = n => String(n).padStart(2, "0");
  const minutes = Math.floor(total / 60000);
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(Math.floor(total / 1000) % 60)}` +
    `${point}${String(total % 1000).padStart(3, "0")}`;
}

const plain = text => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const WRITERS = {
  srt: () => said.map(({ start, end, text }, n) =>
    `${n + 1}\n${stamp(start, ",")} --> ${stamp(end, ",")}\n${text}\n\n`).join(""),
  vtt: () => "WEBVTT\n\n" + said.map(({ start, end, text }) =>
    `${stamp(start, ".")} --> ${stamp(end, ".")}\n${plain(text)}\n\n`).join(""),
};

for (const kind of Object.keys(WRITERS)) {
  at(kind).onclick = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([WRITERS[kind]()], { type: "text/plain" }));
    link.download = "captions." + kind;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
}
