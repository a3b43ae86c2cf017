"""The panel's SOAP door, `/almassms.asmx`."""
