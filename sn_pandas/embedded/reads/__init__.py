"""GET: lists, entities, properties, and what of a content is answered."""
