// An OPC UA server that nobody of this project wrote (node-opcua), for tests.
//
// It obeys commands on stdin, one JSON object per line with an `id`, and answers on stdout with the same `id`. The first
// is `serve` with options:
//   port, folder (certificates and keys), secure (offer encrypted endpoints), users ({name: password}),
//   limits (operation limits), delay (milliseconds before every answer to a write or call), strict (no anonymous
//   transfer of subscriptions), uri (ApplicationUri), sampling (milliseconds, the fastest), alarms, many (further nodes),
//   notifier (bits of the line's EventNotifier)
// After `leave` it can serve again, with other options, and knows nothing of what was before.
// On stdout it also tells which values a client has acknowledged, {"acknowledged": [text, ...]}, and which bytes clients
// wrote to the node Body, {"written": base64}.

"use strict";
const readline = require("node:readline");
const path = require("node:path");
const opcua = require("node-opcua");
const { Variant, DataType, StatusCodes, VariantArrayType } = opcua;

const say = (said) => process.stdout.write(JSON.stringify(said) + "\n");

// What leaves the retransmission queue because a client acknowledged it.
const { Subscription } = require("node-opcua-server");
const acknowledge = Subscription.prototype.acknowledgeNotification;
Subscription.prototype.acknowledgeNotification = function (sequenceNumber) {
  const found = this._sent_notification_messages.find((each) => each.sequenceNumber === sequenceNumber);
  const status = acknowledge.call(this, sequenceNumber);
  if (found) {
    const texts = [];
    for (const data of found.notificationData || []) {
      for (const item of data?.monitoredItems || []) {
        const value = item.value.value.value;
        texts.push(Buffer.isBuffer(value) ? value.toString("base64") : String(value));
      }
    }
    say({ acknowledged: texts });
  }
  return status;
};

// A notification that is used up and never sent, nor kept: what a server does whose queues are full.
let losing = 0;
const publish = Subscription.prototype._publish_pending_notifications;
Subscription.prototype._publish_pending_notifications = function () {
  if (losing === 0) return publish.call(this);
  losing -= 1;
  this._popNotificationToSend();
  this._get_next_sequence_number();
};

// A server with these options, and what it can be told to do.
async function serve(options) {
  losing = 0;
  const folder = options.folder;
  const manager = new opcua.OPCUACertificateManager({
    automaticallyAcceptUnknownCertificate: !options.distrust,
    rootFolder: path.join(folder, "pki"),
  });
  await manager.initialize();
  const server = new opcua.OPCUAServer({
    port: options.port,
    host: "127.0.0.1",
    hostname: "127.0.0.1",
    alternateHostname: ["127.0.0.1", "localhost"],
    resourcePath: "/test",
    serverCertificateManager: manager,
    ...(options.certificate ? { certificateFile: options.certificate, privateKeyFile: options.key } : {}),
    serverInfo: { applicationUri: options.uri || "urn:test:node-opcua", productUri: "test" },
    securityModes: options.secure
      ? [opcua.MessageSecurityMode.SignAndEncrypt, opcua.MessageSecurityMode.Sign]
      : [opcua.MessageSecurityMode.None],
    securityPolicies: options.secure
      ? [opcua.SecurityPolicy.Basic256Sha256, opcua.SecurityPolicy.Aes256_Sha256_RsaPss]
      : [opcua.SecurityPolicy.None],
    allowAnonymous: !options.users,
    userManager: { isValidUser: (name, password) => (options.users || {})[name] === password },
    serverCapabilities: { maxSessions: 100, minSupportedSampleRate: options.sampling ?? 50, operationLimits: options.limits || {} },
    allowAnonymousSubscriptionTransferOnUnsecuredChannel: !options.strict,
    nodeset_filename: [opcua.nodesets.standard, path.join(__dirname, "opcua_line.xml")],
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const plant = space.getOwnNamespace();
  const objects = space.rootFolder.objects;
  const line = plant.addObject({ organizedBy: objects, browseName: "Line1", nodeId: "s=Line1", eventSourceOf: objects.server, eventNotifier: options.notifier || 1 });
  const nodes = {};
  const add = (name, dataType, value, more = {}) => {
    nodes[name] = plant.addVariable({
      componentOf: line, browseName: name, nodeId: `s=${name}`, dataType, minimumSamplingInterval: 0,
      value: new Variant({ dataType: DataType[dataType], arrayType: VariantArrayType.Scalar, value, ...(more.variant || {}) }), ...(more.options || {}),
    });
    return nodes[name];
  };
  add("Body", "ByteString", Buffer.alloc(0));
  add("Count", "Int32", 0);
  add("Big", "Int64", [0, 0]);
  add("Scale", "Double", 0);
  add("Weight", "Float", 0);
  add("Trigger", "Boolean", false);
  add("Ack", "Boolean", false);
  add("Order", "String", "");
  add("Text", "LocalizedText", { text: "", locale: "en" });
  add("Made", "DateTime", new Date(0));
  add("Table", "Double", new Float64Array([1, 2, 3]), { variant: { arrayType: VariantArrayType.Array }, options: { valueRank: 1 } });
  add("ReadOnly", "Int32", 7, { options: { accessLevel: "CurrentRead", userAccessLevel: "CurrentRead" } });
  add("Forbidden", "Int32", 7, { options: { userAccessLevel: 0 } });
  const recorded = add("Recorded", "Int32", 0);
  space.installHistoricalDataNode(recorded, { maxOnlineValues: 10000 });
  // The archive may be slow, refuse, or be behind.
  let archive = { delay: 0, status: null, lag: 0 };
  const readRaw = recorded._historyReadRaw;
  recorded._historyReadRaw = function (context, details, range, encoding, point, done) {
    if (archive.status) return done(null, new opcua.HistoryReadResult({ statusCode: StatusCodes[archive.status] }));
    details.endTime = new Date(Math.min(details.endTime, Date.now() - archive.lag));
    setTimeout(() => readRaw.call(this, context, details, range, encoding, point, done), archive.delay);
  };
  nodes.Analog = plant.addAnalogDataItem({
    componentOf: line, browseName: "Analog", nodeId: "s=Analog", dataType: "Double", engineeringUnitsRange: { low: 0, high: 100 },
    engineeringUnits: opcua.standardUnits.degree_celsius, minimumSamplingInterval: 0,
    value: new Variant({ dataType: DataType.Double, value: 20 }),
  });
  for (let number = 0; number < (options.many || 0); number++) add(`Many${number}`, "Int32", 0);

  const theirs = space.getNamespaceIndex("urn:test:line");
  const type = space.findDataType("Batch", theirs);
  const batch = (content) => space.constructExtensionObject(type, content);
  for (const name of ["Packer.Boxes", "Packer.Batch", "Packer.Drive.Speed"]) nodes[name] = space.findNode(`ns=${theirs};s=${name}`);
  nodes["Packer.Batch"].setValueFromSource({ dataType: DataType.ExtensionObject, value: batch({ lot: "L1", amount: 1.5, steps: [1, 2] }) });

  const book = plant.addMethod(line, {
    browseName: "Book", nodeId: "s=Book",
    inputArguments: [{ name: "order", dataType: DataType.String }, { name: "quantity", dataType: DataType.Int32 }],
    outputArguments: [{ name: "ticket", dataType: DataType.Int32 }],
  });
  const calls = [];
  book.bindMethod((input, context, done) => {
    calls.push(input.map((each) => each.value));
    const answer = input[1].value < 0
      ? { statusCode: StatusCodes.BadOutOfRange }
      : { statusCode: StatusCodes.Good, outputArguments: [{ dataType: DataType.Int32, value: calls.length }] };
    setTimeout(() => done(null, answer), options.delay || 0);
  });

  nodes.Body.on("value_changed", (value) => {
    if (writing === 0 && value.value.value) say({ written: value.value.value.toString("base64") });
  });
  let writing = 0;
  const machine = plant.addEventType({ browseName: "MachineEventType", subtypeOf: "BaseEventType" });
  plant.addVariable({ propertyOf: machine, browseName: "Station", dataType: "String", modellingRule: "Mandatory" });
  let alarm = null;
  if (options.alarms) {
    alarm = plant.instantiateNonExclusiveLimitAlarm("NonExclusiveLimitAlarmType", {
      browseName: "HotAlarm", conditionSource: line, inputNode: nodes.Analog, componentOf: line,
      highHighLimit: 90, highLimit: 80, lowLimit: 10, lowLowLimit: 5,
    });
  }

  const set = (name, type, value, time, status) => {
    const made = new Variant({ dataType: DataType[type], arrayType: VariantArrayType.Scalar, value: type === "ByteString" ? Buffer.from(value, "base64") : value });
    writing += 1;
    nodes[name].setValueFromSource(made, status ? StatusCodes[status] : StatusCodes.Good, time ? new Date(time) : undefined);
    writing -= 1;
  };
  const raise = (severity, message, station) => line.raiseEvent(machine, {
    severity: { dataType: "UInt16", value: severity }, message: { dataType: "LocalizedText", value: { text: message } },
    station: { dataType: "String", value: station || "" },
  });
  const commands = {
    write: ({ node, type, value, time, status }) => set(node, type, value, time, status),
    burst: ({ node, type, values }) => values.forEach((value) => set(node, type, value)),
    batch: ({ value }) => nodes["Packer.Batch"].setValueFromSource({ dataType: DataType.ExtensionObject, value: batch(value) }),
    read: ({ node }) => nodes[node].readValue().value.value,
    nothing: () => null,
    calls: () => calls,
    add: ({ node, type, value, recorded }) => {
      add(node, type, value);
      if (recorded) space.installHistoricalDataNode(nodes[node], { maxOnlineValues: 10000 });
    },
    remove: ({ node }) => { space.deleteNode(nodes[node]); },
    event: ({ severity, message, station }) => raise(severity, message, station),
    events: ({ messages }) => messages.forEach((message) => raise(500, message)),
    // As after a long stop: the subscriptions are gone, sessions and history are still there.
    forget: () => {
      const sessions = Object.values(server.engine._sessions);
      for (const session of sessions) for (const each of [...session.publishEngine.subscriptions]) session.deleteSubscription(each.id);
      return sessions.length;
    },
    leave: () => server.shutdown(0),
    lose: ({ notifications }) => { losing = notifications; },
    lost: () => losing,
    archive: ({ delay, status, lag }) => { archive = { delay: delay || 0, status: status || null, lag: lag || 0 }; },
    sessions: () => server.engine.currentSessionCount,
    alarm: ({ value }) => set("Analog", "Double", value),
  };

  await server.start();
  return commands;
}

let commands = null;
readline.createInterface({ input: process.stdin }).on("line", async (text) => {
  const command = JSON.parse(text);
  try {
    if (command.do === "serve") {
      commands = await serve(command.options);
      say({ id: command.id, answer: null });
    } else {
      say({ id: command.id, answer: (await commands[command.do](command)) ?? null });
    }
  } catch (fault) {
    say({ id: command.id, fault: String(fault.stack) });
  }
}).on("close", () => process.exit(0));
