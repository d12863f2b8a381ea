// Preloaded into Node: any connection, other than over the pipes it was started with, is an error.
const net = require("node:net");
const dns = require("node:dns");

const refuse = (what) => () => {
  throw new Error(`synthesis opened a connection (${what})`);
};
net.Socket.prototype.connect = refuse("net");
dns.lookup = refuse("dns");
