# sources of src/json
