-- page
SELECT erp.orders.changed, erp.orders.id
FROM erp.orders
WHERE erp.orders.changed >= ? AND (erp.orders.changed > ? OR erp.orders.changed = ? AND erp.orders.id > ?) ORDER BY erp.orders.changed, erp.orders.id
 LIMIT ? OFFSET ?

-- claim
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.plant = ? ORDER BY erp.orders.id
 LIMIT ? OFFSET ?

-- keys
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.plant = ? AND erp.orders.id = ? OR erp.orders.plant = ? AND erp.orders.id = ?

-- one key
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.id IN (__[POSTCOMPILE_param_1])

-- others
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.plant < ? OR erp.orders.plant = ? AND erp.orders.id < ? OR erp.orders.plant > ? OR erp.orders.plant = ? AND erp.orders.id > ?

-- insert
INSERT INTO erp.stock (id, "order", "Qty") VALUES (?, ?, ?)

-- upsert
INSERT INTO erp.stock (id, "order", "Qty") VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET "order" = excluded."order", "Qty" = excluded."Qty"

-- call
CALL erp.book(id => ?, qty => ?)

