"""The panel: Persian pages for a customer's staff and for the house, served beside the doors of programs."""
