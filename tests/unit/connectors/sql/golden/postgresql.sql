-- page
SELECT erp.orders.changed, erp.orders.id
FROM erp.orders
WHERE erp.orders.changed >= %(param_1)s AND (erp.orders.changed > %(param_2)s OR erp.orders.changed = %(param_3)s AND erp.orders.id > %(param_4)s) ORDER BY erp.orders.changed, erp.orders.id
 LIMIT %(param_5)s::INTEGER

-- claim
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.plant = %(param_1)s ORDER BY erp.orders.id
 LIMIT %(param_2)s::INTEGER FOR UPDATE SKIP LOCKED

-- keys
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.plant = %(param_1)s AND erp.orders.id = %(param_2)s OR erp.orders.plant = %(param_3)s AND erp.orders.id = %(param_4)s

-- one key
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.id = any(%(param_1)s)

-- others
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.plant < %(param_1)s OR erp.orders.plant = %(param_2)s AND erp.orders.id < %(param_3)s OR erp.orders.plant > %(param_4)s OR erp.orders.plant = %(param_5)s AND erp.orders.id > %(param_6)s

-- insert
INSERT INTO erp.stock (id, "order", "Qty") VALUES (%(id)s::VARCHAR, %(order)s::INTEGER, %(Qty)s)

-- upsert
INSERT INTO erp.stock (id, "order", "Qty") VALUES (%(id)s::VARCHAR, %(order)s::INTEGER, %(Qty)s) ON CONFLICT (id) DO UPDATE SET "order" = excluded."order", "Qty" = excluded."Qty"

-- call
CALL erp.book(id => %(p0)s, qty => %(p1)s)

