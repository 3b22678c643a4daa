// A SOAP server by the npm package `soap`. Usage: node server.js PORT [tls key, certificate, CA of clients]
// What it was sent is at /booked; how it answers is told by the order's number.
const fs = require("fs"), http = require("http"), https = require("https"), path = require("path");
const crypto = require("crypto"), soap = require("soap");
const [port, key, certificate, authority] = process.argv.slice(2);
const booked = [];

function fault(code, text, detail, statusCode) {
  throw { Fault: { faultcode: code, faultstring: text, detail, statusCode } };
}

function book(args, callback, headers, request) {
  const order = String(args.order);
  if (order === "client") fault("soap:Client", "the order is not known");
  if (order === "server") fault("soap:Server", "the data base is locked");
  if (order === "closed") fault("soap:Client", "the period is closed", { PeriodClosed: { period: "2026-10" } });
  if (order === "denied") fault("wsse:FailedAuthentication", "who are you?");
  if (order === "twice") fault("soap:Client.Duplicate", "it was booked before");
  booked.push({ order, body: args, headers: request.headers });
  const answer = { document: `D-${order}` };
  if (order === "comma") answer.booked = "10,500";
  if (order === "slow") { setTimeout(() => callback(answer), 3000); return; }
  return answer;
}

const orders = [
  ["4711", "10.500", "2026-11-20", "14:00:00", "2026-11-20T06:00:00Z"],
  ["4712", "3", "00000000", "14:00:00", "2026-11-20T07:00:00Z"],
  ["4713", "3", "2026-11-21", "24:00:00", "2026-11-20T08:00:00Z"],
].map(([number, quantity, due, shift_end, changed_at]) => ({ number, quantity, due, shift_end, changed_at }));

const changed = [];
const service = {
  ErpService: {
    Erp11: {
      BookConfirmation: book,
      GetOrder(args) {
        if (args.order === "missing") fault("soap:Client.NotFound", "no such order");
        const found = orders.find((one) => one.number === args.order);
        return found ? { order: found } : {};
      },
      GetChangedOrders(args) {
        const since = new Date(args.since).toISOString();
        return { order: changed.filter((one) => new Date(one.changed_at).toISOString() >= since) };
      },
      Ping() {},
    },
  },
};
service.ErpService.Erp12 = service.ErpService.Erp11;

function digest(password, nonce, created) {
  const hash = crypto.createHash("sha1");
  hash.update(Buffer.concat([Buffer.from(nonce, "base64"), Buffer.from(created), Buffer.from(password)]));
  return hash.digest("base64");
}

// With the user `digest` or `text` in the environment, only requests with that token are let in.
function authenticate(security) {
  const token = security && security.UsernameToken;
  if (!process.env.SOAP_USER) return true;
  if (!token || token.Username !== process.env.SOAP_USER) return false;
  const password = token.Password, given = password.$value || password;
  if (!String(password.attributes && password.attributes.Type).endsWith("#PasswordDigest"))
    return given === process.env.SOAP_PASSWORD;
  const nonce = token.Nonce.$value || token.Nonce;
  return given === digest(process.env.SOAP_PASSWORD, nonce, token.Created);
}

function handle(request, response) {
  if (request.url === "/booked") return response.end(JSON.stringify(booked));
  if (request.url === "/change") {
    let text = "";
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => { changed.push(JSON.parse(text)); response.end("{}"); });
    return;
  }
  response.statusCode = 404;
  response.end();
}

const server = key
  ? https.createServer({
      key: fs.readFileSync(key), cert: fs.readFileSync(certificate),
      ...(authority ? { ca: fs.readFileSync(authority), requestCert: true, rejectUnauthorized: true } : {}),
    }, handle)
  : http.createServer(handle);
const take = (args) => { booked.push({ order: args.id }); return { receipt: args.id }; };
function serve(name, services, done) {
  const file = path.join(__dirname, `${name}.wsdl`);
  const made = soap.listen(server, {
    path: `/${name}`, services, xml: fs.readFileSync(file, "utf8"), uri: file, callback: done,
  });
  made.authenticate = authenticate;
}
serve("erp", service, () => serve("take", { TakeService: { Take: { Take: take } } }, () =>
  server.listen(Number(port), "127.0.0.1", () => console.log("ready"))));
