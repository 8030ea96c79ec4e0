"""What is handed out works where it is installed."""
