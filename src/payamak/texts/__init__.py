"""What a person reads, in English and in Persian: the words of enumerations, of codes and of faults. Pure.

Each table is total: a test holds it against its enumeration. Who is spoken to in which language, and Words, what is
said in both, stand in payamak.language, below everything.
"""
