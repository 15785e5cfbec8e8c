"""The judge: measures engines over HTTP and says what the measurements prove."""
