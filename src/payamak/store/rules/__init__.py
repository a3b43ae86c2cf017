"""What the store's transactions do, table by table: accept, life, receipts, money, messages from handsets."""
