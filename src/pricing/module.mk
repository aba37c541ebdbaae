# sources of src/pricing
