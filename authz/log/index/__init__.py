"""Looking for records without reading every segment."""
