#include "train/jobs/job_script.hpp"

#include "support/errors.hpp"
#include "support/text/json.hpp"

#include <algorithm>
#include <utility>

namespace sciexam::inline train {
namespace {

constexpr int kSecondsToSave = 180; ///< between the signal and the end

std::string quoted(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos)
    return text;
  std::string safe = "'";
  for (const char c : text)
    safe += c == '\'' ? "'\\''" : std::string(1, c);
  return safe + "'";
}

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words)
    line += (line.empty() ? "" : " ") + quoted(word);
  return line;
}

std::vector<std::string> command_of(const JobPlan& plan) {
  std::vector<std::string> words = {plan.program.string()};
  words.insert(words.end(), plan.arguments.begin(), plan.arguments.end());
  words.emplace_back("--resume");
  return words;
}

std::string shell_list(const JobPlan& plan) {
  const std::string command = joined(command_of(plan));
  std::string text;
  for (std::size_t task = 0; task < plan.tasks; ++task)
    text += command + " --task " + std::to_string(task) + "\n";
  return text + "# When all are done: " + command + " --collect" + (plan.collecting.empty() ? "" : " ") +
         joined(plan.collecting) + "\n";
}

std::string slurm_header(const JobPlan& plan) {
  std::string text =
      "#!/bin/bash\n"
      "# A training of " +
      std::to_string(plan.tasks) +
      " tasks and a job that collects them. To submit both: bash FILE OPTION..., or sbatch OPTION... FILE.\n"
      "# Options of sbatch win over the lines below: bash FILE --time=4:00:00 --partition=gpu\n"
      "#SBATCH --job-name=sciexam\n"
      "#SBATCH --array=0-" +
      std::to_string(plan.tasks - 1) + "\n#SBATCH --cpus-per-task=" + std::to_string(plan.threads) +
      "\n#SBATCH --output=" + (plan.out / "slurm-%A_%a.log").string() +
      "\n#SBATCH --open-mode=append\n"
      "#SBATCH --requeue\n"
      "#SBATCH --signal=B:USR1@" +
      std::to_string(kSecondsToSave) + "\n";
  if (plan.gpu)
    text += "#SBATCH --gres=gpu:1\n";
  return text;
}

/// The array tasks and the job that collects are one script, so that one file is all there is to keep.
std::string slurm_script(const JobPlan& plan) {
  return slurm_header(plan) + "\ntrain=(" + joined(command_of(plan)) + ")\ncollecting=(" + joined(plan.collecting) +
         ")\n" + R"sh(
time_is_up='' ended='' child=''
trap 'time_is_up=yes; [ -z "$child" ] || kill -TERM "$child"' USR1 # three minutes before the end, see --signal
trap 'ended=yes; [ -z "$child" ] || kill -TERM "$child"' TERM      # scancel

collect_after() { # collect_after JOB SCRIPT OPTION...
  sbatch --parsable "${@:3}" --dependency="afterok:$1" --array=0 --export=ALL,SCIEXAM_STEP=collect "$2"
}

if [ -z "${SLURM_JOB_ID-}" ]; then # not in a job: submits both
  tasks=$(sbatch --parsable "$@" --export=ALL,SCIEXAM_STEP=task "$0") || exit 1
  echo "tasks: job ${tasks%%;*}"
  echo "collecting: job $(collect_after "${tasks%%;*}" "$0" "$@")"
  exit
fi

if [ "${SCIEXAM_STEP-}" = collect ]; then
  exec "${train[@]}" --collect "${collecting[@]}"
fi

if [ -z "${SCIEXAM_STEP-}" ] && [ "$SLURM_ARRAY_TASK_ID" = "$SLURM_ARRAY_TASK_MIN" ] && [ "${SLURM_RESTART_COUNT-0}" = 0 ]; then
  collect_after "$SLURM_ARRAY_JOB_ID" "$0" ||
    echo "The job that collects could not be submitted from here. When all tasks are done: ${train[*]} --collect ${collecting[*]}"
fi

again() { # from the last state
  if [ "${SLURM_RESTART_COUNT-0}" -lt "$1" ]; then
    echo "$2: this task goes on in another job"
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && sleep 60 # until Slurm ends this one
  fi
  exit 1
}

"${train[@]}" --task "$SLURM_ARRAY_TASK_ID" &
child=$!
[ -n "$time_is_up" ] && kill -TERM "$child"
wait "$child"
status=$?
while [ $status -gt 128 ] && kill -0 "$child" 2> /dev/null; do # a signal ended the waiting, not the training
  wait "$child"
  status=$?
done
[ $status = 0 ] && exit
[ -n "$time_is_up" ] && again 1000 "The time is up"
[ $status = 3 ] && again 1000 "The time is up"
[ $status -gt 128 ] && [ -z "$ended" ] && again 5 "The training was killed (status $status)"
exit $status
)sh";
}

Json container(const JobPlan& plan, std::vector<std::string> arguments) {
  Json resources = {{"requests", {{"cpu", std::to_string(plan.threads)}}}};
  if (plan.gpu)
    resources["limits"] = {{"nvidia.com/gpu", "1"}};
  return {
      {"name", "sciexam"},
      {"image", "sciexam"},
      {"imagePullPolicy", "IfNotPresent"},
      {"command", Json::array({plan.program.string()})},
      {"args", std::move(arguments)},
      {"env",
       Json::array(
           {{{"name", "TASK"},
             {"valueFrom",
              {{"fieldRef", {{"fieldPath", "metadata.annotations['batch.kubernetes.io/job-completion-index']"}}}}}}})},
      {"resources", std::move(resources)},
      {"volumeMounts", Json::array({{{"name", "manifest"}, {"mountPath", "/manifest"}, {"readOnly", true}},
                                    {{"name", "data"}, {"mountPath", "/data"}}})}};
}

Json kubernetes_job(const std::string& name, const JobPlan& plan, Json container, std::size_t completions) {
  Json pod = {
      {"restartPolicy", "OnFailure"},
      {"terminationGracePeriodSeconds", kSecondsToSave},
      {"containers", Json::array({std::move(container)})},
      {"volumes", Json::array({{{"name", "manifest"}, {"configMap", {{"name", "sciexam-manifest"}}}},
                               {{"name", "data"}, {"persistentVolumeClaim", {{"claimName", "sciexam-data"}}}}})}};
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", {{"name", name}}},
          {"spec",
           {{"completionMode", "Indexed"},
            {"completions", completions},
            {"parallelism", completions},
            {"backoffLimit", 6 * plan.tasks},
            {"template", {{"spec", std::move(pod)}}}}}};
}

std::string kubernetes_objects(const JobPlan& plan) {
  std::vector<std::string> words = plan.arguments;
  words.emplace_back("--resume");
  if (const auto manifest = std::ranges::find(words, "--manifest"); manifest != words.end())
    *(manifest + 1) = "/manifest/manifest.json";
  std::vector<std::string> task = words, collecting = words;
  task.insert(task.end(), {"--task", "$(TASK)"});
  collecting.emplace_back("--collect");
  collecting.insert(collecting.end(), plan.collecting.begin(), plan.collecting.end());
  const Json manifest = {{"apiVersion", "v1"},
                         {"kind", "ConfigMap"},
                         {"metadata", {{"name", "sciexam-manifest"}}},
                         {"data", {{"manifest.json", plan.manifest}}}};
  JobPlan without_gpu = plan;
  without_gpu.gpu = false;
  const Json list = {
      {"apiVersion", "v1"},
      {"kind", "List"},
      {"items", Json::array({manifest, kubernetes_job("sciexam-train", plan, container(plan, task), plan.tasks),
                             kubernetes_job("sciexam-collect", plan, container(without_gpu, collecting), 1)})}};
  return list.dump(2) + "\n";
}

} // namespace

Scheduler scheduler_of_name(std::string_view name) {
  if (name == "slurm")
    return Scheduler::slurm;
  if (name == "kubernetes")
    return Scheduler::kubernetes;
  if (name == "shell")
    return Scheduler::shell;
  throw UsageError("--jobs " + std::string(name) + " is unknown. Give slurm, kubernetes or shell");
}

std::string job_script(Scheduler scheduler, const JobPlan& plan) {
  switch (scheduler) {
  case Scheduler::slurm:
    return slurm_script(plan);
  case Scheduler::kubernetes:
    return kubernetes_objects(plan);
  case Scheduler::shell:
    break;
  }
  return shell_list(plan);
}

} // namespace sciexam::inline train
