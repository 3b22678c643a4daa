
service Plant {
  entity Orders {
    key ID: String(12);
    name: String(40);
    quantity: Decimal(13,3);
    count: Integer64;
    plannedOn: Date;
    plannedAt: DateTime;
    changedAt: Timestamp @cds.on.insert: $now @cds.on.update: $now;
    operations: Composition of many Operations on operations.order = $self;
  }
  entity Operations {
    key number: Integer;
    key order: Association to Orders;
    text: String(40);
  }
}
