"""One module per resource; each has its `routes`. Adding one here is all there is to do."""
