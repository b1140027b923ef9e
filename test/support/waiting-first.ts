import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Projects that mostly wait for real time, such as the end of a lease. */
const waitingProjects = new Set(['redis', 'workers-redis']);

/** Files that do so in any project. */
const waitingFile =
  /\/(chaos|deployments|dispatchers|failover|package|reload|rolling|runners|store|webhooks-(grace|retry))\.test\.ts$/;

/** Starts what waits for long before the rest, which then fills the wait. */
export class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- it is no array, and returns a new one.
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project))];
    const rank = ({ project, moduleId }: TestSpecification): number => {
      const isLater = Number(!waitingProjects.has(project.name));
      return (
        2 * (projects.length * isLater + projects.indexOf(project)) + Number(!waitingFile.test(moduleId))
      );
    };
    return sorted.toSorted((a, b) => groupOf(a) - groupOf(b) || rank(a) - rank(b));
  }
}

const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
