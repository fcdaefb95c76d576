// One charging session by a charge point built on ocpp-rpc: node session.js <endpoint> <identity> <password> <idTag>
// In strict mode the library holds every request and every answer against its own copy of the OCPP 1.6 schemas.
// Prints what the Central System answered, as JSON.
import { RPCClient, createRPCError } from "ocpp-rpc";

const [endpoint, identity, password, idTag] = process.argv.slice(2);
const station = new RPCClient({
  endpoint,
  identity,
  password,
  protocols: ["ocpp1.6"],
  strictMode: true,
  reconnect: false,
  callTimeoutMs: 20_000,
});
const unasked = [];
station.handle(({ method, params }) => {
  unasked.push({ method, params });
  throw createRPCError("NotImplemented");
});
const broken = [];
station.on("strictValidationFailure", ({ error }) => broken.push(error.message));
station.on("badMessage", ({ error }) => broken.push(error.message));

const now = () => new Date().toISOString();
const reports = (connectorId, status) =>
  station.call("StatusNotification", { connectorId, errorCode: "NoError", status, timestamp: now() });
const reading = (context, wh) => ({
  timestamp: now(),
  sampledValue: [
    { value: String(wh), context, measurand: "Energy.Active.Import.Register", unit: "Wh" },
    { value: "16.0", context, measurand: "Current.Import", phase: "L1", unit: "A" },
  ],
});

await station.connect();
const boot = await station.call("BootNotification", { chargePointVendor: "Node", chargePointModel: "ocpp-rpc" });
await reports(0, "Available");
await reports(1, "Available");
const heartbeat = await station.call("Heartbeat", {});
const authorize = await station.call("Authorize", { idTag });
await reports(1, "Preparing");
const start = await station.call("StartTransaction", { connectorId: 1, idTag, meterStart: 100, timestamp: now() });
const { transactionId } = start;
await reports(1, "Charging");
for (const wh of [400, 700]) {
  await station.call("MeterValues", { connectorId: 1, transactionId, meterValue: [reading("Sample.Periodic", wh)] });
}
const stop = await station.call("StopTransaction", {
  transactionId,
  idTag,
  meterStop: 1100,
  timestamp: now(),
  reason: "Local",
  transactionData: [reading("Transaction.End", 1100)],
});
await reports(1, "Finishing");
await reports(1, "Available");
const unknown = await station.call("DataTransfer", { vendorId: "nobody.example" });
await station.close();

console.log(
  JSON.stringify({ protocol: station.protocol, boot, heartbeat, authorize, start, stop, unknown, unasked, broken }),
);
