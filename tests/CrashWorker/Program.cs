using MailCluster.Spool.CrashWorker;

// What the crash tests start:
//   load DIR FIRST [carrying] [unsynced] [drained]     a worker
//   power-cuts ROUNDS SEED [carrying] [unsynced]       mounts, loads, cuts; in a mount namespace of its own
//   full-disk octets|inodes|foreign                    mounts a small disk and fills it; likewise
switch (args)
{
    case ["load", .. var rest]:
        await Load.RunAsync(LoadOptions.Parse(rest));
        return 0;
    default:
        Console.Error.WriteLine("This is a part of the spool's crash tests: it does nothing by itself.");
        return 2;
}
