"""How fast captures are read, replayed and diagnosed, beside tshark and scapy, on one generated file."""
