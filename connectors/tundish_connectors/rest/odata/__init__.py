"""What OData V2 and V4 do in their own way: dates, literals, where a page ends and how an error is told. Pure."""
