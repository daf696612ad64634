print("verifar")
