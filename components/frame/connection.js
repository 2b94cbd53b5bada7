// Tells what NiceGUI's own socket does: live, polling, reconnecting or offline, with the age of the last message.
const OFFLINE_AFTER_S = 15;
const SILENT_AFTER_S = 40; // a ping comes every 24 s
const TONES = { connecting: "pending", live: "ok", polling: "slow", reconnecting: "slow", offline: "failed" };
export default {
  template: `<span class="gb-conn" role="status" :data-state="shown" :data-tone="tone" :title="title"><i></i><b>{{ words[shown] }}</b>
    <span class="age" aria-hidden="true">{{ ageText }}</span></span>`,
  props: { words: Object, push: { type: Boolean, default: true } },
  data() { return { state: "connecting", last: Date.now(), lost: 0, now: Date.now() }; },
  computed: {
    shown() {
      if (this.state === "reconnecting" && this.now - this.lost > OFFLINE_AFTER_S * 1000) return "offline";
      if ((this.state === "live" || this.state === "polling") && this.now - this.last > SILENT_AFTER_S * 1000) return "reconnecting";
      return this.state;
    },
    tone() { return TONES[this.shown]; },
    ageText() {
      const s = Math.max(0, Math.round((this.now - this.last) / 1000));
      return s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h`;
    },
    title() { return [this.words["about_" + this.shown], this.words.age.replace("{age}", this.ageText)].filter(Boolean).join("\n"); },
  },
  watch: {
    // What is on screen may be old: nothing pulses or counts as if it still ran.
    shown: { handler(value) { document.documentElement.dataset.conn = value === "live" || value === "polling" ? "on" : "away"; }, immediate: true },
    push(on) { this.change(on); },
    state(value) { if (value === "live" || value === "polling") this.$emit("way", value); },
  },
  mounted() {
    this.timer = setInterval(() => { this.now = Date.now(); }, 1000);
    this.hook();
  },
  beforeUnmount() { clearInterval(this.timer); },
  methods: {
    heard() { this.last = Date.now(); this.now = this.last; },
    // Another way takes effect at once: the page's own socket connects anew, nothing is reloaded.
    change(on) {
      const socket = window.socket;
      socket.io.opts.transports = on ? ["websocket", "polling"] : ["polling"];
      socket.io.opts.upgrade = on;
      socket.disconnect();
      socket.io.opts.query.next_message_id = window.nextMessageId;
      socket.connect();
    },
    hook() {
      const socket = window.socket;
      if (!socket) { setTimeout(this.hook, 20); return; }
      const way = () => { this.state = socket.io.engine?.transport?.name === "polling" ? "polling" : "live"; this.heard(); };
      const joined = () => { way(); socket.io.engine.on("upgrade", way); };
      socket.on("connect", joined);
      socket.on("disconnect", () => { this.state = "reconnecting"; this.lost = Date.now(); });
      // Refused because nobody is signed in (any more)? Then the address leads to the sign-in.
      socket.on("connect_error", async () => {
        const answer = await fetch("/login/state").catch(() => null);
        if (answer?.status === 401) window.location.reload();
      });
      socket.io.on("ping", this.heard);
      socket.onAny(this.heard);
      if (socket.connected) joined();
      else this.lost = Date.now();
    },
  },
};
