#if !NET
#pragma warning disable IDE0130 // These stand where newer runtimes have them.

using System.Runtime.CompilerServices;

namespace System
{
    internal static class ThrowPolyfills
    {
        extension(ArgumentNullException)
        {
            public static void ThrowIfNull(object? argument, [CallerArgumentExpression(nameof(argument))] string? paramName = null)
            {
                if (argument is null)
                    throw new ArgumentNullException(paramName);
            }
        }
    }
}

namespace System.Diagnostics.CodeAnalysis
{
    [AttributeUsage(AttributeTargets.Constructor)]
    internal sealed class SetsRequiredMembersAttribute : Attribute;
}

namespace System.Runtime.CompilerServices
{
    internal static class IsExternalInit;

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Field | AttributeTargets.Property, Inherited = false)]
    internal sealed class RequiredMemberAttribute : Attribute;

    [AttributeUsage(AttributeTargets.All, AllowMultiple = true, Inherited = false)]
    internal sealed class CompilerFeatureRequiredAttribute(string featureName) : Attribute
    {
        public string FeatureName { get; } = featureName;
    }

    [AttributeUsage(AttributeTargets.Parameter)]
    internal sealed class CallerArgumentExpressionAttribute(string parameterName) : Attribute
    {
        public string ParameterName { get; } = parameterName;
    }
}

namespace System.Threading.Tasks
{
    internal static class TaskPolyfills
    {
        /// <summary>Waits for a task until it has ended or the token is cancelled; the task goes on.</summary>
        public static async Task WaitAsync(this Task task, CancellationToken cancel)
        {
            await EndOrCancelAsync(task, cancel).ConfigureAwait(false);
            await task.ConfigureAwait(false);
        }

        /// <inheritdoc cref="WaitAsync(Task, CancellationToken)"/>
        public static async Task<T> WaitAsync<T>(this Task<T> task, CancellationToken cancel)
        {
            await EndOrCancelAsync(task, cancel).ConfigureAwait(false);
            return await task.ConfigureAwait(false);
        }

        private static async Task EndOrCancelAsync(Task task, CancellationToken cancel)
        {
            if (task.IsCompleted)
                return;
            cancel.ThrowIfCancellationRequested();
            var cancelled = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            using (cancel.Register(() => cancelled.TrySetResult(true)))
            {
                if (await Task.WhenAny(task, cancelled.Task).ConfigureAwait(false) != task)
                    throw new OperationCanceledException(cancel);
            }
        }
    }
}
#endif
