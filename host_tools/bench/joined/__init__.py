"""Two passports joined to one text in every way that hands can: is a mixture ever accepted?"""
