# sources of src/review
