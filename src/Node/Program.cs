Console.Error.WriteLine("mailcluster: nothing to run yet");
return 1;
