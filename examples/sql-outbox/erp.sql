PRAGMA journal_mode = WAL;
CREATE TABLE customers (number TEXT PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL);
CREATE TABLE shipments (id TEXT PRIMARY KEY, customer TEXT NOT NULL, customer_name TEXT NOT NULL);
CREATE TABLE shipment_lines (
  shipment TEXT NOT NULL REFERENCES shipments (id), line INTEGER NOT NULL, item TEXT NOT NULL,
  quantity NUMERIC(10, 3) NOT NULL CHECK (quantity > 0), PRIMARY KEY (shipment, line)
);
CREATE TABLE items (number TEXT PRIMARY KEY, description TEXT NOT NULL, weight_g INTEGER NOT NULL, changed INTEGER NOT NULL);
CREATE INDEX items_by_change ON items (changed);
CREATE TABLE tundish_ledger (idempotency_key VARCHAR(255) NOT NULL PRIMARY KEY, booked_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
INSERT INTO customers VALUES ('K-100', 'Gear Works', 'AT'), ('K-200', 'Shaft & Sons', 'DE');
INSERT INTO items VALUES ('FG-100', 'gear', 1250, 1), ('FG-200', 'shaft', 3100, 1), ('FG-300', 'wheel', 800, 1);
