// A page holds three orders, so that a handful of them has several.
service Plant {
  @cds.query.limit: 3
  entity Orders {
    key ID: String(12);
    name: String(40);
    quantity: Decimal(13,3);
    plannedOn: Date;
    plannedAt: DateTime;
    @odata.etag changedAt: Timestamp @cds.on.insert: $now @cds.on.update: $now;
    operations: Composition of many Operations on operations.order = $self;
  }
  entity Operations {
    key number: Integer;
    key order: Association to Orders;
    text: String(40);
  }
}
