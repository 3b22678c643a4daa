// A host application as others see it: hears everything below `spBv1.0`, decoded by the library `sparkplug-payload`,
// and says it by lines of JSON on its standard output. Orders come by lines of JSON on its standard input.
//
//     node sparkplug_host.js PORT
'use strict'
const readline = require('readline')
const mqtt = require('mqtt')
const sparkplug = require('sparkplug-payload').get('spBv1.0')

const say = (event, facts) => process.stdout.write(JSON.stringify({ event, ...facts }, plain) + '\n')

// Numbers of 64 bits come as objects of the library `long`, bytes as typed arrays.
function plain (key, value) {
  if (value && value.low !== undefined && value.high !== undefined) return value.toString()
  if (value && value.type === 'Buffer') return Buffer.from(value.data).toString('base64')
  return value
}

const client = mqtt.connect(`tcp://127.0.0.1:${process.argv[2]}`, { clientId: 'oracle', clean: true, protocolVersion: 4 })
client.on('connect', () => client.subscribe('spBv1.0/#', { qos: 1 }, () => say('listening')))
client.on('message', (topic, body, packet) => {
  const facts = { topic, qos: packet.qos, retain: packet.retain }
  if (topic.startsWith('spBv1.0/STATE/')) say('state', { ...facts, text: body.toString() })
  else {
    try {
      say('message', { ...facts, payload: sparkplug.decodePayload(body) })
    } catch (fault) {
      // It cannot read a DataSet that is null.
      say('unreadable', { ...facts, text: String(fault) })
    }
  }
})

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line)
  const body = order.metrics ? sparkplug.encodePayload({ timestamp: Date.now(), metrics: order.metrics }) : order.text
  client.publish(order.topic, Buffer.from(body), { qos: order.qos || 0, retain: order.retain || false })
}).on('close', () => process.exit(0))
