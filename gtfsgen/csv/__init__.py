"""CSV bytes into cells and dictionary-coded columns; nothing here knows GTFS."""
