// Ask for a port that is held for this user (held_port.py): both have to ask for a shared one.
const { Server } = require("node:net");

const listen = Server.prototype.listen;

Server.prototype.listen = function (...options) {
  const [port, host, ...rest] = options;
  if (typeof port !== "number") return listen.apply(this, options);
  const callback = rest.find((each) => typeof each === "function") ?? (typeof host === "function" ? host : undefined);
  return listen.call(this, { port, host: typeof host === "string" ? host : undefined, reusePort: true }, callback);
};
