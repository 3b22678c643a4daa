-- page
SELECT TOP __[POSTCOMPILE_param_1] erp.orders.changed, erp.orders.id
FROM erp.orders
WHERE erp.orders.changed >= :param_2 AND (erp.orders.changed > :param_3 OR erp.orders.changed = :param_4 AND erp.orders.id > :param_5) ORDER BY erp.orders.changed, erp.orders.id

-- claim
SELECT TOP __[POSTCOMPILE_param_1] erp.orders.id
FROM erp.orders WITH (UPDLOCK, READPAST, ROWLOCK)
WHERE erp.orders.plant = :param_2 ORDER BY erp.orders.id

-- keys
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.plant = :param_1 AND erp.orders.id = :param_2 OR erp.orders.plant = :param_3 AND erp.orders.id = :param_4

-- one key
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.id IN (__[POSTCOMPILE_param_1])

-- others
SELECT erp.orders.id
FROM erp.orders
WHERE erp.orders.plant < :param_1 OR erp.orders.plant = :param_2 AND erp.orders.id < :param_3 OR erp.orders.plant > :param_4 OR erp.orders.plant = :param_5 AND erp.orders.id > :param_6

-- insert
INSERT INTO erp.stock (id, [order], [Qty]) VALUES (:id, :order, :Qty)

-- upsert
MERGE INTO erp.stock WITH (HOLDLOCK) AS target USING (SELECT :v0 AS id, :v1 AS [order], :v2 AS [Qty]) source ON (target.id = source.id) WHEN MATCHED THEN UPDATE SET target.[order] = source.[order], target.[Qty] = source.[Qty] WHEN NOT MATCHED THEN INSERT (id, [order], [Qty]) VALUES (source.id, source.[order], source.[Qty]);

-- call
EXEC erp.book @id = :p0, @qty = :p1

