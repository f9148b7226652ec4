using System.Globalization;
using MailCluster.Spool.CrashWorker;

// What the crash tests start:
//   load DIR FIRST [carrying] [unsynced] [drained]      a worker
//   power-cuts DIR ROUNDS SEED [carrying] [unsynced]    mounts, loads, cuts; in a mount namespace of its own
//   handover-load DIR FIRST load|look                   a worker that hands over between two spools
//   handover-cuts DIR ROUNDS SEED                       mounts, has it handed over, cuts
//   full-disk DIR octets|inodes[,foreign]               mounts a small disk and fills it; likewise
// The last three end with a line of JSON, or with exit code 77 where the machine does not let us mount.
try
{
    switch (args)
    {
        case ["load", .. var rest]:
            await Load.RunAsync(LoadOptions.Parse(rest));
            return 0;
        case ["power-cuts", var directory, var rounds, var seed, .. var options]:
            var (count, chosen) = (int.Parse(rounds, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture));
            var report = options.Contains("unsynced")
                ? await PowerCuts.RunUnsyncedAsync(directory, count, chosen)
                : await PowerCuts.RunAsync(directory, count, chosen, options.Contains("carrying"));
            Console.WriteLine(report.ToJson());
            return 0;
        case ["handover-load", var directory, var first, var what]:
            await HandoverLoad.RunAsync(directory, long.Parse(first, CultureInfo.InvariantCulture), onlyLooks: what == "look");
            return 0;
        case ["handover-cuts", var directory, var rounds, var seed]:
            Console.WriteLine((await HandoverRounds.CutAsync(directory, int.Parse(rounds, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture))).ToJson());
            return 0;
        case ["full-disk", var directory, var what]:
            Console.WriteLine((await FullDisk.RunAsync(directory, what.Contains("inodes", StringComparison.Ordinal), what.Contains("foreign", StringComparison.Ordinal))).ToJson());
            return 0;
        default:
            Console.Error.WriteLine("This is a part of the spool's crash tests: it does nothing by itself.");
            return 2;
    }
}
catch (MountException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 77;
}
