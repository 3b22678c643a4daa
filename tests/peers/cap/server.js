// Everything stays on this machine.
const cds = require('@sap/cds')
const express = require('express')

module.exports = options => {
  const app = express()
  const listen = app.listen.bind(app)
  app.listen = port => listen(port, '127.0.0.1')
  return cds.server({ ...options, app })
}
