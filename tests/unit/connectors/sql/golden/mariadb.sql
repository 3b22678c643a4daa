-- page
SELECT erp.orders.changed, erp.orders.id
FROM erp.orders
WHERE erp.orders.changed >= %s AND (erp.orders.changed > %s OR erp.orders.changed = %s AND erp.orders.id > %s) ORDER BY erp.orders.changed, erp.orders.id
 LIMIT %s

-- claim
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.plant = %s ORDER BY erp.orders.id
 LIMIT %s FOR UPDATE SKIP LOCKED

-- keys
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.plant = %s AND erp.orders.id = %s OR erp.orders.plant = %s AND erp.orders.id = %s

-- one key
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.id IN (__[POSTCOMPILE_param_1])

-- others
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.plant < %s OR erp.orders.plant = %s AND erp.orders.id < %s OR erp.orders.plant > %s OR erp.orders.plant = %s AND erp.orders.id > %s

-- insert
INSERT INTO erp.stock (id, `order`, `Qty`) VALUES (%s, %s, %s)

-- upsert
INSERT INTO erp.stock (id, `order`, `Qty`) VALUES (%s, %s, %s) ON DUPLICATE KEY UPDATE `order` = VALUES(`order`), `Qty` = VALUES(`Qty`)

-- call
CALL erp.book(%s, %s)

