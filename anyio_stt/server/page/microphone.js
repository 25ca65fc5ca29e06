// Runs beside the page's own thread: joins what the microphone gives to a tenth of a second.
registerProcessor("pcm", class extends AudioWorkletProcessor {
  constructor() { super(); this.chunk = new Int16Array(sampleRate / 10); this.filled = 0; }
  process([[channel]]) {
    for (const sample of channel ?? []) {
      this.chunk[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.filled === this.chunk.length) {
        this.port.postMessage(this.chunk.slice().buffer);
        this.filled = 0;
      }
    }
    return true;
  }
});
