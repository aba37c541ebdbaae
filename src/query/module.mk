# sources of src/query
