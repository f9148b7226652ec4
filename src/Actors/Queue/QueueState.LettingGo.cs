namespace MailCluster.Actors.Queue;

/// <content>How the queue lets go of its mail, when the node hands its spool over.</content>
internal sealed partial class QueueState
{
    private bool _lettingGo;

    /// <summary>Forgets all that waits, now and from now on: it is the spool's alone, and nothing of it is tried, expires or has its delay told any more. Returns how many entries are still with
    /// connections or being recorded. Saying it again only counts.</summary>
    public int LetGo(DateTimeOffset now, QueueEffects effects)
    {
        _paused = true;
        _lettingGo = true;
        foreach (var destination in _destinations.Values)
        {
            LetGo(destination, ref destination.Due);
            LetGo(destination, ref destination.Deferred);
            LetGo(destination, ref destination.PutOff);
        }
        while (_toOpen.TryDequeue(out var number))
        {
            LetGoUnopened(number);
        }
        foreach (var number in _reopenAt.Keys.ToList())
        {
            LetGoUnopened(number);
        }
        SettleAll(now, effects);
        return Entries;
    }

    private void LetGo(DestinationQueue destination, ref EntryList list)
    {
        while (list.Count > 0)
        {
            var number = list.First;
            Take(destination, number);
            Forget(destination, number);
        }
    }

    private void LetGoUnopened(int number)
    {
        _opening.Remove(number);
        _reopenAt.Remove(number);
        var destination = _destinationsByNumber[_entries[number].Destination]!;
        Take(destination, number);
        Forget(destination, number);
    }
}
