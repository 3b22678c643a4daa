// Calls an operation by the npm package `soap`. Usage: node client.js WSDL OPERATION ARGUMENTS
const soap = require("soap");
const [wsdl, operation, text] = process.argv.slice(2);
soap.createClientAsync(wsdl)
  .then((client) => client[`${operation}Async`](JSON.parse(text)))
  .then(([answer]) => console.log(JSON.stringify(answer)))
  .catch((error) => { console.log(JSON.stringify({ error: String(error.message) })); process.exitCode = 1; });
