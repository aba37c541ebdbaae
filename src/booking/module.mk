# sources of src/booking
