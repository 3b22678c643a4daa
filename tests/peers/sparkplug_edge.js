// An edge node made of the library `sparkplug-client`. It is told what to do by lines of JSON on its standard input,
// and says what happens by lines of JSON on its standard output.
//
//     node sparkplug_edge.js PORT GROUP EDGE_NODE BIRTHS
//
// BIRTHS is {"node": [metrics], "devices": {"name": [metrics]}}.
'use strict'
const readline = require('readline')
const client = require('sparkplug-client')

const [port, groupId, edgeNode, births] = process.argv.slice(2)
const born = JSON.parse(births)
const say = (event, facts) => process.stdout.write(JSON.stringify({ event, ...facts }) + '\n')
const now = () => Date.now()

// Numbers of 64 bits and bytes have no place in JSON.
function metrics (list) {
  return (list || []).map((metric) => {
    const made = { timestamp: now(), ...metric }
    if (metric.base64 !== undefined) made.value = Buffer.from(metric.base64, 'base64')
    delete made.base64
    return made
  })
}
const payload = (list) => ({ timestamp: now(), metrics: metrics(list) })

const edge = client.newClient({
  serverUrl: `tcp://127.0.0.1:${port}`, username: '', password: '', groupId, edgeNode, clientId: `edge-${edgeNode}`, version: 'spBv1.0', publishDeath: true, keepalive: 5
})

function publishBirths () {
  const control = { name: 'Node Control/Rebirth', type: 'Boolean', value: false }
  edge.publishNodeBirth(payload([control, ...(born.node || [])]))
  for (const [device, list] of Object.entries(born.devices || {})) edge.publishDeviceBirth(device, payload(list))
  say('born')
}

edge.on('birth', publishBirths)
edge.on('close', () => say('closed'))
edge.on('ncmd', (command) => {
  say('ncmd', { names: command.metrics.map((metric) => metric.name) })
  if (command.metrics.some((metric) => metric.name === 'Node Control/Rebirth' && metric.value)) publishBirths()
})

const does = {
  ndata: (order) => edge.publishNodeData(payload(order.metrics), order.options),
  ddata: (order) => edge.publishDeviceData(order.device, payload(order.metrics), order.options),
  ddeath: (order) => edge.publishDeviceDeath(order.device, { timestamp: now() }),
  dbirth: (order) => edge.publishDeviceBirth(order.device, payload(order.metrics)),
  // A message that the network lost: its number is used, and nobody hears of it.
  lose: () => edge.incrementSeqNum(),
  stop: () => edge.stop(),
  die: () => process.exit(1)
}
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line)
  does[order.op](order)
  say('done', { op: order.op })
}).on('close', () => process.exit(0))
